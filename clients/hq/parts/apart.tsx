import { Component, type ReactNode } from 'react';

type ApartProps = {
  /** Stands where it has failed. */
  readonly fallback: ReactNode;
  readonly onFail?: () => void;
  readonly children: ReactNode;
};

/** What fails in here, as what cannot be fetched while the hub is away, fails alone: the page around it goes on. */
export class Apart extends Component<ApartProps, { readonly failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { readonly failed: boolean } {
    return { failed: true };
  }

  override componentDidCatch(): void {
    this.props.onFail?.();
  }

  override render(): ReactNode {
    return this.state.failed ? this.props.fallback : this.props.children;
  }
}
