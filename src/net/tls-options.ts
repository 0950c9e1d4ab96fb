/**
 * How every encrypted connection is made. Said here, and not left to the defaults, because those follow the environment:
 * NODE_TLS_REJECT_UNAUTHORIZED turns verification off, NODE_EXTRA_CA_CERTS and SSL_CERT_FILE add whom to trust.
 */
import { rootCertificates, type SecureContextOptions } from 'node:tls';

/** TLS 1.2 or newer, verified by the certificates that Node was built with. */
export const TLS_OPTIONS = {
  minVersion: 'TLSv1.2',
  rejectUnauthorized: true,
  ca: [...rootCertificates],
} as const satisfies SecureContextOptions & { rejectUnauthorized: boolean };
