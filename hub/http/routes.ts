import type { Route } from './route.ts';
import { actorRoutes } from './routes/actors.ts';
import { authRoutes } from './routes/auth.ts';
import { demoRoutes } from './routes/demo.ts';
import { historyRoutes } from './routes/history.ts';

/** Every route of the hub. A new one is one file and one line here. */
export const routes: readonly Route[] = [...authRoutes, ...actorRoutes, ...historyRoutes, ...demoRoutes];
