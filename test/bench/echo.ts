// The practical limit that remora is measured against: a bare Fastify HTTPS server that parses the review with
// Fastify's own parser and answers a prepared object of the real answer's size, with the request's uid set.
// Its parent sends the answers by row path; it reports its port and then serves until it is disconnected.

import Fastify from 'fastify'
import type { JsonObject } from '../../src/std/json.ts'

export interface EchoJob {
  readonly key: string
  readonly certificate: string
  /** The answer to give: a decoded AdmissionReview whose response.uid is replaced. */
  readonly answer: JsonObject
}

async function serve(job: EchoJob): Promise<void> {
  const server = Fastify({
    https: { key: job.key, cert: job.certificate },
    bodyLimit: 8 << 20,
    logger: false,
    keepAliveTimeout: 120_000,
  })
  let answer = job.answer
  process.on('message', (next: { answer: JsonObject }) => {
    answer = next.answer
    process.send?.({ ready: true })
  })
  server.post('/inject', (request) => {
    const { uid } = (request.body as { request: { uid: string } }).request
    return { ...answer, response: { ...(answer['response'] as JsonObject), uid } }
  })
  await server.listen({ port: 0, host: '127.0.0.1' })
  const address = server.server.address()
  process.send?.({ port: typeof address === 'object' && address !== null ? address.port : 0 })
}

process.once('message', (job: EchoJob) => {
  serve(job).catch((error: Error) => process.send?.({ error: error.message }))
})
process.once('disconnect', () => process.exit(0))
