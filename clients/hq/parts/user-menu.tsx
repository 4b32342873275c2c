import { useState } from 'react';
import { Button, Header, Menu, MenuItem, MenuSection, MenuTrigger, Popover, Separator } from 'react-aria-components';
import type { Who } from '../../core/session.ts';
import { chooseTheme, loadTheme, THEMES, type Theme } from '../browser.ts';
import { useServices } from '../services.ts';

const THEME_NAMES: Readonly<Record<Theme, string>> = { system: 'As the system', light: 'Light', dark: 'Dark' };

/** Who is signed in, as what; the theme; the way out. */
export function UserMenu({ who }: { who: Who }) {
  const { session } = useServices();
  const [theme, setTheme] = useState(loadTheme);
  const roles = who.roles.join(', ') || 'no role';
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
        <span className="visually-hidden">, account menu</span>
      </Button>
      <Popover className="popover" placement="bottom end">
        <Menu
          className="menu"
          onAction={(key) => {
            if (key === 'sign-out') session.signOut();
          }}
        >
          <MenuSection
            selectionMode="single"
            disallowEmptySelection
            selectedKeys={[theme]}
            onSelectionChange={(keys) => {
              const chosen = THEMES.find((one) => keys !== 'all' && keys.has(one)) ?? 'system';
              chooseTheme(chosen);
              setTheme(chosen);
            }}
          >
            <Header className="menu-header">Theme</Header>
            {THEMES.map((one) => (
              <MenuItem key={one} id={one} className="menu-item">
                {THEME_NAMES[one]}
              </MenuItem>
            ))}
          </MenuSection>
          <Separator className="menu-rule" />
          <MenuItem id="sign-out" className="menu-item">
            Sign out
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
