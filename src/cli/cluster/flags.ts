// Flags of the commands that work on a live cluster: which one, and where its control plane is.

import type { Command } from 'commander'

export interface ClusterFlags {
  readonly context?: string
  readonly kubeconfig?: string
  readonly istioNamespace: string
}

export function addClusterFlags(command: Command): Command {
  return command
    .option('-i, --istioNamespace <name>', 'namespace of the control plane', 'istio-system')
    .option('--context <name>', 'kubeconfig context to use')
    .option('-c, --kubeconfig <file>', 'kubeconfig to use (default: KUBECONFIG, ~/.kube/config)')
}
