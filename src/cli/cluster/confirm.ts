// A question to the person at the terminal, before something that may hurt. Asked on standard error, answered by a line of
// standard input; anything but yes is no. Where nobody can answer the command is blocked, and says how to consent: it never
// waits for a pipe that may have nothing to say.

import { EXIT, Exit, type Io } from '../io.ts'

/** Throws Exit 5 unless the answer is yes, Exit 4 when nobody can be asked. */
export async function confirm(io: Io, question: string, flag: string): Promise<void> {
  if (!io.canAsk) {
    io.stderr.write(
      `blocked: this needs a yes, and nobody can be asked: ${question}\nhint: ${flag} is the yes\n`,
    )
    throw new Exit(EXIT.blocked)
  }
  io.stderr.write(`${question} [y/N] `)
  const answer = await firstLine(io)
  if (/^y(es)?$/i.test(answer.trim())) return
  io.stderr.write('cancelled: nothing was changed\n')
  throw new Exit(EXIT.cancelled)
}

async function firstLine({ stdin }: Io): Promise<string> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of stdin) {
    text += decoder.decode(chunk, { stream: true })
    if (text.includes('\n')) break
  }
  return text.split('\n')[0] ?? ''
}
