// `make cluster-down`: ends exactly what `make cluster` started, also when that was interrupted or killed.

import { endCluster, readState } from './state.ts'

const state = readState()
if (state !== undefined) await endCluster(state)
process.stdout.write(state === undefined ? 'no cluster is running\n' : 'the cluster has ended\n')
