// A question to the person at the terminal, before something that may hurt. Asked on standard error, answered by a line of
// standard input; anything but yes is no. Where nobody can answer, the command is blocked, and says how to consent.

import { EXIT, Exit, type Io } from '../io.ts'

/** Throws Exit 5 when the answer is no, Exit 4 when there is none. */
export async function confirm(io: Io, question: string, flag: string): Promise<void> {
  io.stderr.write(`${question} [y/N] `)
  const answer = await firstLine(io)
  if (answer === undefined) {
    io.stderr.write(`\nblocked: nobody has answered\nhint: ${flag} answers yes\n`)
    throw new Exit(EXIT.blocked)
  }
  if (/^y(es)?$/i.test(answer.trim())) return
  io.stderr.write('cancelled: nothing was changed\n')
  throw new Exit(EXIT.cancelled)
}

async function firstLine({ stdin }: Io): Promise<string | undefined> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of stdin) {
    text += decoder.decode(chunk, { stream: true })
    if (text.includes('\n')) break
  }
  return text === '' ? undefined : text.split('\n')[0]
}
