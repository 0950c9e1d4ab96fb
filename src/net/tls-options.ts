/**
 * How every encrypted connection is made. Said here, and not left to the defaults, because those follow the environment:
 * NODE_TLS_REJECT_UNAUTHORIZED turns verification off, NODE_EXTRA_CA_CERTS and SSL_CERT_FILE add whom to trust.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { checkServerIdentity, type PeerCertificate, rootCertificates, type SecureContextOptions } from 'node:tls';
import { arbitradeError } from '../platform/errors.ts';

/** Of every connection of a client. */
export interface TlsOptions extends SecureContextOptions {
  readonly rejectUnauthorized: true;
  readonly checkServerIdentity: (host: string, certificate: PeerCertificate) => Error | undefined;
}

/**
 * TLS 1.2 or newer, verified by the certificates that Node was built with. With `pins` (base64 SHA-256 of public keys)
 * the server must show one of those keys besides: TLS_PIN_MISMATCH ends the connection before anything is sent on it.
 */
export function tlsOptions(pins: readonly string[]): TlsOptions {
  return {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    ca: [...rootCertificates],
    checkServerIdentity: (host, certificate) =>
      checkServerIdentity(host, certificate) ?? pinMismatch(host, certificate, pins),
  };
}

function pinMismatch(host: string, certificate: PeerCertificate, pins: readonly string[]): Error | undefined {
  if (pins.length === 0) return undefined;
  const found = pinOf(certificate.raw);
  return pins.includes(found) ? undefined : arbitradeError('TLS_PIN_MISMATCH', host, found);
}

/** SHA-256 of the public key in `certificate` (DER or PEM; the key as SubjectPublicKeyInfo, RFC 7469), in base64. */
export function pinOf(certificate: Buffer): string {
  const key = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(key).digest('base64');
}
