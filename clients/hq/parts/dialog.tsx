import type { ReactNode } from 'react';
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';

type SheetProps = {
  readonly title: string;
  readonly busy: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
  /** `wide` has room for tables; a `palette` stands high, has its title for screen readers alone and closes by a press beside it. */
  readonly kind?: 'plain' | 'wide' | 'palette';
};

/** A dialog over the page. It closes by Escape, unless something in it is under way. */
export function Sheet({ title, busy, onClose, children, kind = 'plain' }: SheetProps) {
  return (
    <ModalOverlay
      className="overlay"
      data-kind={kind}
      isOpen
      isDismissable={kind === 'palette'}
      isKeyboardDismissDisabled={busy}
      onOpenChange={(open) => !open && onClose()}
    >
      <Modal className="modal" data-kind={kind}>
        <Dialog className="dialog">
          <Heading slot="title" className={kind === 'palette' ? 'visually-hidden' : 'dialog-title'}>
            {title}
          </Heading>
          {children}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
