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
