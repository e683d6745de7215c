// The replicas of remora in a bed as tests look at them: their answers over TLS as an API server asks for them, what
// their health port says, their metrics and their logs.

import { request } from 'node:https'
import { RESOURCE } from '../../../src/kube/resource.ts'
import type { JsonObject } from '../../../src/std/json.ts'
import { POD, reviewOf } from '../../admission/fixture.ts'
import type { Bed } from '../../cluster/bed.ts'
import type { Program } from '../../cluster/program.ts'
import { REMORA_NAMESPACE } from '../../cluster/remora.ts'

export const SECRET = { namespace: REMORA_NAMESPACE, name: 'remora-injector-certificates' }
const SERVER_NAME = `remora-injector.${REMORA_NAMESPACE}.svc`

export function replicasOf({ kubelet }: Bed): Program[] {
  return [...kubelet.programs].flatMap(([pod, program]) =>
    pod.startsWith('remora-injector') && program.told !== undefined ? [program] : [],
  )
}

/** The texts of the Secret that replicas share. */
export async function secretOf({ client }: Bed): Promise<Record<string, string>> {
  const { data } = (await client.get(RESOURCE.secret, SECRET)) as { data?: Record<string, string> }
  return Object.fromEntries(
    Object.entries(data ?? {}).map(([key, text]) => [key, Buffer.from(text, 'base64').toString('utf8')]),
  )
}

/** The answer to one review on a connection of its own; rejects when the certificate is not good by `ca`. */
export function ask({ told }: Program, path: string, ca: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const call = request(
    {
      host: '127.0.0.1',
      port: told?.port,
      servername: SERVER_NAME,
      ca,
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json' },
      agent: false,
      timeout: 10_000,
    },
    (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
      answer.on('error', reject)
    },
  )
  call.on('timeout', () => call.destroy(new Error('no answer within 10 s')))
  call.on('error', reject)
  call.end(JSON.stringify(reviewOf(POD, { namespace: 'load-default' })))
  return promise
}

const get = ({ told }: Program, path: string): Promise<Response> =>
  fetch(`http://127.0.0.1:${told?.healthPort}${path}`)

/** Values of a metric by its labels, as printed. */
export async function metric(program: Program, name: string): Promise<Map<string, number>> {
  const text = await (await get(program, '/metrics')).text()
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
  return new Map(
    lines.map((line) => [line.slice(name.length, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
  )
}

export async function readiness(program: Program): Promise<{ status: number; text: string }> {
  const answer = await get(program, '/readyz?verbose')
  return { status: answer.status, text: await answer.text() }
}

export async function leadersOf(bed: Bed): Promise<Program[]> {
  const leading = await Promise.all(
    replicasOf(bed).map(async (program) => ({
      program,
      value: (await metric(program, 'remora_leader')).get(''),
    })),
  )
  return leading.flatMap(({ program, value }) => (value === 1 ? [program] : []))
}

/** Lines of the log. */
export function logOf(program: Program): (JsonObject & { message: string })[] {
  const lines = program.log().split('\n')
  return lines.flatMap((line) =>
    line.startsWith('{') ? [JSON.parse(line) as JsonObject & { message: string }] : [],
  )
}

export async function eventsOf(
  { client }: Bed,
  namespace: string,
  reason: string,
): Promise<{ message: string; count: number }[]> {
  const { items } = await client.list(RESOURCE.event, { namespace })
  return items.flatMap((raw) => {
    const event = raw as unknown as { reason: string; message: string; count: number }
    return event.reason === reason ? [event] : []
  })
}
