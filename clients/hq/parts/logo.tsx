/** Three lines and the station that is lit. */
export function Logo() {
  return (
    <svg className="logo" viewBox="0 0 28 20" aria-hidden="true" focusable="false">
      <path className="logo-line" d="M2 3h24M2 17h24" />
      <path className="logo-main" d="M2 10h24" />
      <circle cx="18" cy="10" r="4" />
    </svg>
  );
}
