// The program: hands argv and the process's streams to the command line and sets the exit code. Nothing else ends or
// colours the process: a broken pipe (`remora … | head`) ends it quietly, as it does any filter.

import { EXIT, type Io, type Signal } from './cli/io.ts'
import { run } from './cli/program.ts'

function quietPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  process.exit(EXIT.error)
}

process.stdout.on('error', quietPipe)
process.stderr.on('error', quietPipe)

const io: Io = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  isTTY: process.stdout.isTTY === true,
  canAsk: process.stdin.isTTY === true,
  onSignal: (signal: Signal, handler: () => void) => {
    process.on(signal, handler)
    return () => process.off(signal, handler)
  },
}

process.exitCode = await run(process.argv.slice(2), io)
