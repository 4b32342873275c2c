import { useServices, useWho } from '../services.ts';
import { texts } from '../texts.ts';
import { useLoaded } from './use-loaded.ts';

const INSPECTOR = '/inspect/';

/** The way to the inspector, for a developer, where this hub has one open. `target` is an actor (`payment/pay_1`) or a type. */
export function InspectLink({ target }: { target: string }) {
  const who = useWho();
  return who?.roles.includes('developer') === true ? <LinkWhereOpen target={target} /> : null;
}

function LinkWhereOpen({ target }: { target: string }) {
  const { http } = useServices();
  const isOpen = useLoaded('inspector', async (signal) => (await http.fetch(INSPECTOR, { method: 'HEAD', signal })).ok);
  if (isOpen.value !== true) return null;
  return (
    <a className="link inspect-link" href={inspectAddress(target)} title={texts.inspect.about}>
      {texts.inspect.open}
    </a>
  );
}

/** A slash is good in a query, and far easier to read there. */
function inspectAddress(target: string): string {
  return `${INSPECTOR}?target=${encodeURIComponent(target).replaceAll('%2F', '/')}`;
}
