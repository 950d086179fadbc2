// The codes with which a drill says no: stable names, each with the next thing to type. (The live drills add the message.)

export const drillErrors = {
  noReplica: {
    code: 'HALE_DRILL_NO_REPLICA',
    hint: 'hale ps: the names that a drill may use',
  },
  badScript: {
    code: 'HALE_DRILL_BAD_SCRIPT',
    hint: 'packages/drill/src/script/language.ts lists what a drill may say',
  },
} as const;
