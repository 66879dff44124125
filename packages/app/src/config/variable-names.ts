export const prefix = "LOAN_ENGINE_"

const capitals = (text: string): string =>
  text
    .replace(/[A-Z]/gu, (letter) => `_${letter}`)
    .replace(/[^A-Za-z0-9]/gu, "_")
    .toUpperCase()

/** The variable that sets a setting: `callbackBytesMax` is set by `LOAN_ENGINE_CALLBACK_BYTES_MAX`. */
export const variableOf = (setting: string, account?: string): string =>
  account === undefined
    ? prefix + capitals(setting)
    : `${prefix}${account.replace(/[^A-Za-z0-9]/gu, "_").toUpperCase()}_${capitals(setting)}`
