import { actorScreen } from './screens/actor.tsx';
import { clientsScreen } from './screens/clients.tsx';
import { integrationsScreen } from './screens/integrations.tsx';
import { overviewScreen } from './screens/overview.tsx';
import { paymentsScreen } from './screens/payments.tsx';
import { signInScreen } from './screens/sign-in.tsx';
import type { Screen } from './screen.ts';

/** Every screen of the console. A new one is a file in screens/ and a line here. */
export const screens: readonly Screen[] = [signInScreen, overviewScreen, paymentsScreen, clientsScreen, integrationsScreen, actorScreen];
