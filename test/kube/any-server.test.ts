// The suite that any API server passes, on the small one.

import { afterAll, beforeAll } from 'vitest'
import type { ApiAccess } from '../../src/kube/access.ts'
import { accessTo } from './access.ts'
import { FakeApi, statusBody } from './fake-api.ts'
import { kubeSuite } from './suite.ts'

const api = new FakeApi()
let access: ApiAccess

beforeAll(async () => {
  await api.start()
  access = await accessTo(api.url)
  api.fault = ({ path }) =>
    path.includes('/wonders') || path.includes('%00')
      ? { status: 404, body: statusBody(404, 'NotFound', 'the server could not find the requested resource') }
      : undefined
})
afterAll(() => api.away())

kubeSuite('small server', () => access)
