// What the shop sells. A constant: catalogues change with a release here, which keeps the example small.
export interface Product {
  readonly sku: string;
  readonly name: string;
  readonly cents: number;
}

export const catalogue: readonly Product[] = [
  { sku: 'apple', name: 'An apple a day', cents: 120 },
  { sku: 'bandage', name: 'Self-adhesive bandage', cents: 450 },
  { sku: 'kettle', name: 'Kettle', cents: 3_900 },
  { sku: 'lamp', name: 'Night lamp', cents: 2_450 },
  { sku: 'pillow', name: 'Pillow for those on call', cents: 5_500 },
  { sku: 'tea', name: 'Camomile tea', cents: 690 },
];
