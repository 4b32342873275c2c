import { MemoryBus, MemoryServer } from '../../actors/bus/memory.ts';
import { VirtualPorts } from '../../actors/ports/virtual.ts';
import { busContract } from './bus.ts';

busContract('memory', () => {
  const ports = new VirtualPorts();
  const server = new MemoryServer(ports);
  const bus = new MemoryBus(server, ports);
  const done = Promise.resolve();
  return Promise.resolve({
    bus,
    publishFrom: async (subject, data, headers, reply) => {
      server.publishFrom(subject, data, headers, reply);
      await ports.settle();
    },
    arrived: (subject) => Promise.resolve(server.kept(subject) ?? server.messagesTo(subject)),
    elapse: (ms) => ports.advance(ms),
    stop: () => (server.stop(), done),
    start: () => (server.start(), done),
    wipe: () => (server.wipe(), done),
    close: () => bus.close(),
  });
});
