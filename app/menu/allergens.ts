/** The 14 of Regulation (EU) 1169/2011, Annex II, which a guest has a right to be told; the database knows the same. */
export const allergens = [
  "celery",
  "crustaceans",
  "eggs",
  "fish",
  "gluten",
  "lupin",
  "milk",
  "molluscs",
  "mustard",
  "nuts",
  "peanuts",
  "sesame",
  "soybeans",
  "sulphites",
] as const;
