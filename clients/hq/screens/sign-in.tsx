import { useEffect, useId, useRef, useState, type FormEvent } from 'react';
import { fetchDemo, type Demo } from '../../core/api.ts';
import type { Http } from '../../core/http.ts';
import { toProblem, type Problem } from '../../core/problem.ts';
import type { Session } from '../../core/session.ts';
import { Logo } from '../parts/logo.tsx';
import { ProblemNotice } from '../parts/notice.tsx';
import { useTitle } from '../title.ts';
import { firstTexts } from '../texts-first.ts';

const words = firstTexts.signIn;

export type SignInProps = { readonly session: Session; readonly http: Http };

/** The way in. It stands before everything else and is made of the browser's own controls, so that it is there at once. */
export function SignIn({ session, http }: SignInProps) {
  useTitle(words.title);
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [asked, setAsked] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);

  const signIn = async (name: string, secret: string): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    // On success this screen gives way to the one that was asked for.
    await session.signIn(name, secret).catch((error: unknown) => {
      setProblem(toProblem(error));
      setBusy(false);
    });
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setAsked(true);
    if (username.trim() === '' || password === '') form.current?.querySelector<HTMLElement>('input:placeholder-shown')?.focus();
    else if (!busy) void signIn(username.trim(), password);
  };

  return (
    <main className="sign-in">
      <div className="sign-in-box">
        <p className="sign-in-brand">
          <Logo />
          {firstTexts.product}
        </p>
        <h1>{words.heading}</h1>
        {session.ended !== undefined && !problem && <p className="notice">{words.ended(session.ended)}</p>}
        {problem && <ProblemNotice title={words.failed} problem={problem} />}
        <form className="form" onSubmit={submit} noValidate ref={form}>
          <Field label={words.name} kind="username" value={username} onChange={setUsername} missing={asked && username.trim() === ''} />
          <Field label={words.password} kind="password" value={password} onChange={setPassword} missing={asked && password === ''} />
          <button type="submit" className="button" data-kind="main" data-busy={busy || undefined}>
            {busy ? words.doing : words.do}
          </button>
        </form>
        <DemoPeople http={http} busy={busy} onChoose={(name, secret) => void signIn(name, secret)} />
      </div>
    </main>
  );
}

type FieldProps = {
  readonly label: string;
  readonly kind: 'username' | 'password';
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly missing: boolean;
};

function Field({ label, kind, value, onChange, missing }: FieldProps) {
  const id = useId();
  return (
    <div className="field" data-invalid={missing || undefined}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="input"
        name={kind}
        type={kind === 'password' ? 'password' : 'text'}
        autoComplete={kind === 'password' ? 'current-password' : 'username'}
        autoCapitalize="none"
        spellCheck="false"
        placeholder=" "
        value={value}
        onChange={(event) => onChange(event.target.value)}
        aria-required="true"
        aria-invalid={missing || undefined}
        aria-describedby={missing ? `${id}-error` : undefined}
        autoFocus={kind === 'username'}
      />
      {missing && (
        <span className="field-error" id={`${id}-error`}>
          {kind === 'password' ? words.passwordMissing : words.nameMissing}
        </span>
      )}
    </div>
  );
}

/** In the demo, and only there: everybody who can sign in, one click each. */
function DemoPeople({ http, busy, onChoose }: { http: Http; busy: boolean; onChoose: (username: string, password: string) => void }) {
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
      <h2 id="demo-title">{words.demo}</h2>
      <ul className="demo-people">
        {demo.people.map(({ username, roles }) => (
          <li key={username}>
            <button type="button" className="demo-person" disabled={busy} onClick={() => onChoose(username, demo.password)}>
              <span className="demo-name">{username}</span>
              <span className="demo-roles">{roles.join(', ')}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
