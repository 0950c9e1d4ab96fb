/** Puts `other` in the place of one of the values within `value`, which `pick` chooses. */
export function replaceOne(value: unknown, other: unknown, pick: number): void {
  const places: [Record<string, unknown>, string][] = [];
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const key of Object.keys(node)) {
      places.push([node as Record<string, unknown>, key]);
      walk((node as Record<string, unknown>)[key]);
    }
  };
  walk(value);
  const place = places[pick % places.length];
  if (place !== undefined) place[0][place[1]] = other;
}
