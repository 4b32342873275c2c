import { Button, Header, Menu, MenuItem, MenuSection, MenuTrigger, Popover, Separator } from 'react-aria-components';
import type { Who } from '../../core/session.ts';
import { chooseTheme, THEMES, useTheme } from '../browser.ts';
import { texts } from '../texts.ts';
import { useServices } from '../services.ts';

/** Who is signed in, as what; the theme; the way out. */
export function UserMenu({ who, onKeys }: { who: Who; onKeys: () => void }) {
  const { session } = useServices();
  const theme = useTheme();
  const roles = who.roles.join(', ') || texts.user.noRole;
  return (
    <MenuTrigger>
      <Button className="user">
        <span className="user-mark" aria-hidden="true">
          {who.username.slice(0, 2)}
        </span>
        <span className="user-text">
          <span className="user-name">{who.username}</span>
          <span className="user-roles">{roles}</span>
        </span>
        <span className="visually-hidden">{texts.user.menu}</span>
      </Button>
      <Popover className="popover" placement="bottom end">
        <Menu
          className="menu"
          onAction={(key) => {
            if (key === 'sign-out') session.signOut();
            if (key === 'keys') onKeys();
          }}
        >
          <MenuSection
            selectionMode="single"
            disallowEmptySelection
            selectedKeys={[theme]}
            onSelectionChange={(keys) => {
              chooseTheme(THEMES.find((one) => keys !== 'all' && keys.has(one)) ?? 'system');
            }}
          >
            <Header className="menu-header">{texts.theme.title}</Header>
            {THEMES.map((one) => (
              <MenuItem key={one} id={one} className="menu-item">
                {texts.theme.names[one]}
              </MenuItem>
            ))}
          </MenuSection>
          <Separator className="menu-rule" />
          <MenuItem id="keys" className="menu-item">
            {texts.keys.title}
          </MenuItem>
          <MenuItem id="sign-out" className="menu-item">
            {texts.user.signOut}
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
