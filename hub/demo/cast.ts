/** Who and what the demo is made of. Nothing here exists: names are invented, bank accounts are the published examples of their formats. */

export const DEMO_CLIENTS = [
  {
    id: 'acme',
    name: 'Acme Facility Services GmbH',
    country: 'DE',
    email: 'accounts@acme.example',
    bank_account: 'DE89370400440532013000',
  },
  {
    id: 'globex',
    name: 'Globex Property Management B.V.',
    country: 'NL',
    email: 'finance@globex.example',
    bank_account: 'NL91ABNA0417164300',
  },
  {
    id: 'northwind',
    name: 'Northwind Landscaping Ltd',
    country: 'GB',
    email: 'office@northwind.example',
    bank_account: 'GB29NWBK60161331926819',
  },
] as const;

/** A client that is still on its way in, so that there is something to verify. */
export const DEMO_NEWCOMER = {
  id: 'umbra',
  name: 'Umbra Cleaning Cooperative',
  country: 'FR',
  email: 'hello@umbra.example',
  bank_account: 'FR1420041010050500013M02606',
} as const;

export const DEMO_PAYEES = [
  { payee: 'Bar Supplies Ltd', what: 'cleaning supplies' },
  { payee: 'Hollis & Sons Plumbing', what: 'boiler inspection' },
  { payee: 'Meridian Lift Maintenance', what: 'lift service' },
  { payee: 'Kestrel Window Care', what: 'facade cleaning' },
  { payee: 'Stadtwerke Lindental', what: 'water and heating' },
  { payee: 'Orchard Grounds Care', what: 'winter service' },
  { payee: 'Fenwick Fire Protection', what: 'sprinkler check' },
  { payee: 'Tallow & Reed Electrical', what: 'emergency lighting' },
] as const;

export const DEMO_CURRENCIES = ['EUR', 'EUR', 'EUR', 'GBP', 'CHF', 'USD'] as const;

const NOTHING = { vat: null, phone: null, street: null, archived: false };

/** What the sandbox ERP knows of. */
export const DEMO_PARTNERS = [
  {
    ...NOTHING,
    name: 'Spreewald Druck GmbH',
    email: 'buero@spreewald-druck.example',
    country: 'DE',
    kind: 'company',
    city: 'Cottbus',
    zip: '03046',
  },
  {
    ...NOTHING,
    name: 'Papeterie du Lac SARL',
    email: 'bonjour@papeterie-du-lac.example',
    country: 'FR',
    kind: 'company',
    city: 'Annecy',
    zip: '74000',
  },
  {
    ...NOTHING,
    name: 'Hafenlogistik Nord AG',
    email: 'kontor@hafenlogistik.example',
    country: 'DE',
    kind: 'company',
    city: 'Bremen',
    zip: '28195',
  },
  { ...NOTHING, name: 'Jana Nováková', email: 'jana@novakova.example', country: 'CZ', kind: 'person', city: 'Brno', zip: '602 00' },
] as const;
