import { Button } from 'react-aria-components';
import { navOf } from '../screen.ts';
import { screens } from '../screens.ts';
import { useWho } from '../services.ts';
import { texts } from '../texts.ts';
import { Sheet } from './dialog.tsx';
import { LetterKeys } from './letter-keys.tsx';

/** Which keys do what. */
export function KeysDialog({ onClose }: { onClose: () => void }) {
  const who = useWho();
  const ways = screens.flatMap((screen) => {
    const nav = navOf(screen, who);
    return nav?.key === undefined ? [] : [[`g ${nav.key}`, nav.label] as const];
  });
  const groups = [...texts.keys.groups, { title: texts.palette.goTo, keys: ways }];
  return (
    <Sheet title={texts.keys.title} busy={false} onClose={onClose}>
      <LetterKeys />
      <div className="keys">
        {groups.map(({ title, keys }) => (
          <section key={title}>
            <h2>{title}</h2>
            <dl>
              {keys.map(([key, does]) => (
                <div key={key}>
                  <dt>
                    {key.split(' ').map((one) => (
                      <kbd key={one}>{one}</kbd>
                    ))}
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <div className="dialog-buttons">
        <Button className="button" onPress={onClose} autoFocus>
          {texts.common.close}
        </Button>
      </div>
    </Sheet>
  );
}
