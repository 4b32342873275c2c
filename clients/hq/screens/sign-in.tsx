import { useEffect, useState, type FormEvent } from 'react';
import { Button, FieldError, Form, Input, Label, TextField } from 'react-aria-components';
import { fetchDemo, type Demo } from '../../core/api.ts';
import { toProblem, type Problem } from '../../core/problem.ts';
import { Logo } from '../parts/logo.tsx';
import { ProblemNotice } from '../parts/notice.tsx';
import type { Screen } from '../screen.ts';
import { useServices } from '../services.ts';
import { useTitle } from '../title.ts';

export function SignIn() {
  useTitle('Sign in');
  const { session } = useServices();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);

  const signIn = async (name: string, secret: string): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    // On success this screen gives way to the one that was asked for.
    await session.signIn(name, secret).catch((error: unknown) => {
      setProblem(toProblem(error));
      setBusy(false);
    });
  };

  return (
    <main className="sign-in">
      <div className="sign-in-box">
        <p className="sign-in-brand">
          <Logo />
          Green Lines Hub
        </p>
        <h1>Sign in to HQ</h1>
        {session.ended !== undefined && !problem && <p className="notice">Your session has ended. {session.ended}</p>}
        {problem && <ProblemNotice title="You are not signed in" problem={problem} />}
        <Form
          className="form"
          onSubmit={(event: FormEvent) => {
            event.preventDefault();
            if (!busy) void signIn(username.trim(), password);
          }}
        >
          <TextField className="field" name="username" value={username} onChange={setUsername} isRequired autoFocus>
            <Label>Name</Label>
            <Input className="input" autoComplete="username" autoCapitalize="none" spellCheck="false" />
            <FieldError className="field-error" />
          </TextField>
          <TextField className="field" name="password" type="password" value={password} onChange={setPassword} isRequired>
            <Label>Password</Label>
            <Input className="input" autoComplete="current-password" />
            <FieldError className="field-error" />
          </TextField>
          <Button type="submit" className="button" data-kind="main" data-busy={busy || undefined}>
            {busy ? 'Signing in…' : 'Sign in'}
          </Button>
        </Form>
        <DemoPeople busy={busy} onChoose={(name, secret) => void signIn(name, secret)} />
      </div>
    </main>
  );
}

/** In the demo, and only there: everybody who can sign in, one click each. */
function DemoPeople({ busy, onChoose }: { busy: boolean; onChoose: (username: string, password: string) => void }) {
  const { http } = useServices();
  const [demo, setDemo] = useState<Demo>();
  useEffect(() => {
    let here = true;
    void fetchDemo(http).then((found) => here && setDemo(found));
    return () => {
      here = false;
    };
  }, [http]);
  if (demo === undefined) return null;
  return (
    <section className="demo" aria-labelledby="demo-title">
      <h2 id="demo-title">Demo: sign in as</h2>
      <ul className="demo-people">
        {demo.people.map(({ username, roles }) => (
          <li key={username}>
            <Button className="demo-person" isDisabled={busy} onPress={() => onChoose(username, demo.password)}>
              <span className="demo-name">{username}</span>
              <span className="demo-roles">{roles.join(', ')}</span>
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}

export const signInScreen: Screen = { path: '/sign-in', title: 'Sign in', component: SignIn, open: true };
