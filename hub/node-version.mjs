/**
 * Loaded before everything else, in JavaScript that any Node runs, so that one that cannot run TypeScript says what to do
 * instead of failing on the first type.
 */
const OLDEST = 24;

if (Number.parseInt(process.versions.node, 10) < OLDEST) {
  process.stderr.write(
    `Green Lines Hub needs Node ${OLDEST} or later, and this is Node ${process.versions.node}.\n` +
      'On Linux, `npm install` brings the right one along for `npm start` and `npm test`: run it without --omit=optional.\n' +
      'Elsewhere, install Node 24.\n',
  );
  process.exit(1);
}
