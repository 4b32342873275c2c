import type { Session } from '../core/session.ts';
import type { Link } from './link.ts';

type Parts = {
  readonly session: Pick<Session, 'bearer' | 'who' | 'onChange'>;
  readonly link: Pick<Link, 'session' | 'forget'>;
};

/**
 * What one person looks at is not shown to the next one: when he signs out, in whatever tab, or somebody else signs in, everything is
 * let go of and `leave` is called. A page that was opened by a ticket alone, where nobody is signed in, goes on until that changes.
 */
export function endWithPerson({ session, link }: Parts, leave: () => void): void {
  let { bearer } = session;
  session.onChange(() => {
    const before = bearer;
    ({ bearer } = session);
    if (bearer === before) return;
    const isHis = before === undefined && (link.session === undefined || link.session.person === session.who?.username);
    if (isHis) return;
    link.forget();
    leave();
  });
}
