/**
 * A hub that is nothing but its embedded services, as a process of its own that tests can kill. Takes the options as JSON in
 * its argument; writes one JSON object a line; stops when its input ends.
 */
import { startEmbedded, type EmbeddedOptions } from '../hub/embedded/services.ts';

const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const logged = (o: object, m: string): void => say({ log: m, ...o });

try {
  const options: Omit<EmbeddedOptions, 'progress' | 'log'> = JSON.parse(process.argv[2] ?? '{}');
  const embedded = await startEmbedded({
    ...options,
    progress: (line) => say({ progress: line }),
    log: { info: logged, warn: logged, error: logged },
  });
  say({ embedded });
  process.stdin.resume().on('end', () => void embedded.stop().then(() => process.exit(0)));
} catch (error) {
  say({ error: error instanceof Error ? { name: error.name, message: error.message } : String(error) });
  process.exit(1);
}
