// Node's HTTP server, without its client. An import of node:http reads every export of it, and some of them load, as they
// are read, a second client that nothing here uses; a twentieth of the start went there.

export const { createServer, METHODS } = process.getBuiltinModule('node:http')
