import cluster from 'node:cluster'

// Preloaded into a service: when the process of the test ends, even by `kill -9`, the service ends too. A worker's parent is the
// service, which ends its workers itself.

if (cluster.isPrimary) {
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
  // The listener alone must not keep the service alive.
  process.channel?.unref()
}
