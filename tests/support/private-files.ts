/** Before every test file: what tests write is their user's alone, as what the program writes is. The engine insists on it. */
process.umask(0o077);
