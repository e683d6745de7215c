// `make cluster-down`: ends exactly what `make cluster` started. The keeper ends its parts; what is left of them when it
// is gone (it was killed) is ended here, by id and moment of begin.

import { forgetState, isRunning, readState } from './state.ts'
import { until } from './wait.ts'

const state = readState()
if (state === undefined) {
  process.stdout.write('no cluster is running\n')
} else {
  const { keeper, processes } = state
  if (isRunning(keeper)) process.kill(keeper.pid, 'SIGTERM')
  await until('the cluster to end', () => !isRunning(keeper), 60_000)
  const left = processes.filter(isRunning)
  for (const { pid } of left) process.kill(pid, 'SIGKILL')
  await until('its processes to end', () => !left.some(isRunning))
  forgetState()
  process.stdout.write('the cluster has ended\n')
}
