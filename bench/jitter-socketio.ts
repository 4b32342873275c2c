import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';

/* Stock Socket.IO that tells a room a number again and again. */

const http = createServer();
const io = new Server(http, { transports: ['websocket'], serveClient: false, perMessageDeflate: false });
io.on('connection', (socket) => void socket.join('all'));
let version = 0;
process.on('message', () => void io.to('all').emit('frames', [{ kind: 'patch', version: ++version, note: 'n'.repeat(120) }]));
http.listen(0, '127.0.0.1', () => process.send?.({ port: (http.address() as AddressInfo).port }));
