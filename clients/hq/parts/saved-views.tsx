import { useEffect, useState, type FormEvent } from 'react';
import { useNavigate } from '@tanstack/react-router';
import {
  Button,
  Form,
  Input,
  Label,
  Menu,
  MenuItem,
  MenuSection,
  Header,
  MenuTrigger,
  Popover,
  Separator,
  TextField,
} from 'react-aria-components';
import { toProblem, type Problem } from '../../core/problem.ts';
import { newId } from '../browser.ts';
import type { Noun } from '../nouns.ts';
import type { SavedView } from '../office.ts';
import { useServices } from '../services.ts';
import { texts } from '../texts.ts';
import { useAnnounce } from './announcer.tsx';
import { Sheet } from './dialog.tsx';
import { ProblemNotice } from './notice.tsx';

const SAVE = 'save';
const MANAGE = 'manage';

/** The lists of this kind that somebody keeps under a name; kept on the hub, so that his other devices have them too. */
export function SavedViews({ noun, query }: { noun: Noun; query: string }) {
  const { office } = useServices();
  const navigate = useNavigate();
  const [views, setViews] = useState<readonly SavedView[]>([]);
  const [dialog, setDialog] = useState<'save' | 'manage'>();
  const load = (): void => void office.savedViews().then(setViews, () => undefined);
  useEffect(() => void office.savedViews().then(setViews, () => undefined), [office]);
  const mine = views.filter(({ type }) => type === noun.type);
  const onAction = (key: string | number): void => {
    const view = mine.find(({ id }) => id === key);
    if (view === undefined) return setDialog(key === MANAGE ? 'manage' : 'save');
    void navigate({ to: noun.path, search: Object.fromEntries(new URLSearchParams(view.query)) as never });
  };
  return (
    <>
      <MenuTrigger onOpenChange={(open) => open && load()}>
        <Button className="button">{texts.views.open}</Button>
        <Popover className="popover" placement="bottom end">
          <Menu className="menu" onAction={onAction}>
            <MenuSection>
              <Header className="menu-header">{texts.views.mine}</Header>
              {mine.map(({ id, name, query: kept }) => (
                <MenuItem key={id} id={id} className="menu-item" textValue={name} data-current={kept === query || undefined}>
                  {name}
                </MenuItem>
              ))}
            </MenuSection>
            <Separator className="menu-rule" />
            <MenuItem id={SAVE} className="menu-item">
              {texts.views.save}
            </MenuItem>
            {mine.length > 0 && (
              <MenuItem id={MANAGE} className="menu-item">
                {texts.views.manage}
              </MenuItem>
            )}
          </Menu>
        </Popover>
      </MenuTrigger>
      {dialog === 'save' && <SaveDialog noun={noun} query={query} mine={mine} onClose={() => setDialog(undefined)} onSaved={load} />}
      {dialog === 'manage' && <ManageDialog mine={mine} onClose={() => setDialog(undefined)} onChanged={load} />}
    </>
  );
}

type SaveProps = {
  readonly noun: Noun;
  readonly query: string;
  readonly mine: readonly SavedView[];
  readonly onClose: () => void;
  readonly onSaved: () => void;
};

function SaveDialog({ noun, query, mine, onClose, onSaved }: SaveProps) {
  const { office } = useServices();
  const announce = useAnnounce();
  const [name, setName] = useState('');
  const [problem, setProblem] = useState<Problem>();
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const title = name.trim();
    if (title === '') return;
    // The same name again is the same view.
    const id = mine.find((view) => view.name === title)?.id ?? newId('view');
    try {
      await office.saveView({ id, name: title, type: noun.type, query });
      announce(texts.views.saved(title));
      onSaved();
      onClose();
    } catch (error) {
      setProblem(toProblem(error));
    }
  };
  return (
    <Sheet title={texts.views.saveTitle} busy={false} onClose={onClose}>
      <p className="muted">{texts.views.explain}</p>
      {problem && <ProblemNotice title={texts.views.failed} problem={problem} />}
      <Form className="form" onSubmit={(event: FormEvent) => void submit(event)}>
        <TextField className="field" value={name} onChange={setName} autoFocus maxLength={80} isRequired>
          <Label>{texts.views.name}</Label>
          <Input className="input" autoComplete="off" />
        </TextField>
        <div className="dialog-buttons">
          <Button className="button" onPress={onClose}>
            {texts.common.back}
          </Button>
          <Button type="submit" className="button" data-kind="main">
            {texts.common.save}
          </Button>
        </div>
      </Form>
    </Sheet>
  );
}

function ManageDialog({ mine, onClose, onChanged }: { mine: readonly SavedView[]; onClose: () => void; onChanged: () => void }) {
  const { office } = useServices();
  const announce = useAnnounce();
  const [problem, setProblem] = useState<Problem>();
  const remove = ({ id, name }: SavedView): void => {
    office.removeView(id).then(
      () => {
        announce(texts.views.removed(name));
        onChanged();
      },
      (error: unknown) => setProblem(toProblem(error)),
    );
  };
  return (
    <Sheet title={texts.views.mine} busy={false} onClose={onClose}>
      {problem && <ProblemNotice title={texts.views.removeFailed} problem={problem} />}
      {mine.length === 0 && <p className="muted">{texts.views.none}</p>}
      <ul className="plain-rows">
        {mine.map((view) => (
          <li key={view.id}>
            <span>{view.name}</span>
            <Button className="button" data-kind="quiet" aria-label={texts.views.remove(view.name)} onPress={() => remove(view)}>
              {texts.views.removeShort}
            </Button>
          </li>
        ))}
      </ul>
      <div className="dialog-buttons">
        <Button className="button" onPress={onClose} autoFocus>
          {texts.common.close}
        </Button>
      </div>
    </Sheet>
  );
}
