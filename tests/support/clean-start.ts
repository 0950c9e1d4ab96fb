/**
 * Before every test file: what surrounds the tests does not decide how they go. What they write is their user's alone, as
 * what the program writes is (the engine insists on it); and the programs that they start get none of the variables that a
 * mode with a key refuses: a machine's lists of certificates and proxies, what the test runner says to itself. A test that
 * wants one passes it on by name.
 */
process.umask(0o077);

const SURROUNDING = /^(NODE_(?!ENV$)|SSL_|OPENSSL_|LD_|DYLD_|SSLKEYLOGFILE$)|_PROXY$/i;
for (const name of Object.keys(process.env)) if (SURROUNDING.test(name)) delete process.env[name];
