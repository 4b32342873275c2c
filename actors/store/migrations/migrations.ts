import { Migration0001Spine } from './0001-spine.ts';

/** Every migration in order; a released one is never changed. */
export const migrations = [{ name: '0001-spine', class: Migration0001Spine }];
