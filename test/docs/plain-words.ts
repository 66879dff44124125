/**
 * Words and phrases that are hard for a person who reads English as a second language, each with a plain word. The
 * forms of one word share a row. `test/docs/words.test.ts` refuses them in every page and source file.
 */
export const plainWords: ReadonlyArray<readonly [forms: ReadonlyArray<string>, plain: string]> = [
  [["upon"], "on"],
  [["anew"], "again"],
  [["afresh"], "again"],
  [["whoever", "whosoever", "for whoever"], "anyone who, or the actor's name"],
  [["whatever", "whatsoever"], "any, every, or everything that"],
  [["whichever"], "the one that, or any"],
  [["mend", "mends", "mended", "mending"], "fix, repair"],
  [["told of", "tell of", "tells of"], "receives, reports"],
  [["all the same"], "anyway, still"],
  [["as if it had never", "as if it had not"], "is ignored"],
  [["found out", "finds out", "find out"], "detected, noticed"],
  [["to be had", "could be had", "can be had", "cannot be had"], "available"],
  [["comes to nothing", "come to nothing", "came to nothing"], "fails, has no effect"],
  [["what becomes of", "what became of"], "the outcome of"],
  [["by itself alone", "for itself alone"], "alone, only"],
  [["is put right", "are put right", "puts it right"], "is corrected, corrects it"],
  [["passed over", "passes over in silence"], "skipped, ignored"],
  [["goes on as ever", "as ever"], "as before, still"],
  [["no more than it must"], "as little as possible"],
  [["hearken", "behold", "lo"], "read, see"],
  [["thereof", "thereby", "therein", "thereupon", "therefrom"], "of it, so, in it, then, from it"],
  [["whereof", "whereby", "wherein", "whereupon"], "of which, so that, in which, then"],
  [
    ["hereof", "hereby", "herein", "hereafter", "heretofore"],
    "of this, with this, here, from now on, until now",
  ],
  [["hither", "thither", "whither", "whence", "thence", "hence"], "here, there, where, from where, so"],
  [["lest"], "so that … not"],
  [["albeit"], "although"],
  [["notwithstanding"], "despite"],
  [["whilst", "amongst", "amidst"], "while, among"],
  [["ere", "erstwhile", "oft", "nigh", "betwixt"], "before, former, often, near, between"],
  [["shall"], "must, will"],
  [["utilize", "utilizes", "utilise", "utilises"], "use"],
  [["in order to"], "to"],
  [["prior to", "subsequent to"], "before, after"],
  [["in the event that", "in case of doubt"], "if"],
  [["time-out", "time-outs"], "timeout"],
  [
    [
      "seamless",
      "seamlessly",
      "effortless",
      "effortlessly",
      "blazing",
      "blazingly",
      "cutting-edge",
      "world-class",
    ],
    "a number, or nothing",
  ],
]

/** A forbidden word in a page: its place, and the plain word for it. */
export interface NotPlain {
  readonly line: number
  readonly found: string
  readonly plain: string
}

/** A line break may separate two words. In a comment, a star or slashes follow the break. */
const patternOf = (form: string): RegExp =>
  new RegExp(String.raw`(?<![\w-])${form.split(" ").join(String.raw`[\s*/#]+`)}(?![\w-])`, "giu")

const patterns = plainWords.flatMap(([forms, plain]) =>
  forms.map((form) => ({ form, plain, pattern: patternOf(form) })),
)

const blank = (text: string): string => text.replaceAll(/[^\n]/gu, " ")

/** Code between backticks is not prose. The title of a test after its file name is not prose either. */
const proseOf = (text: string): string => text.replaceAll(/`[^`\n]*`(?:: "[^"\n]*")?/gu, blank)

/** A member of `doctor --json`. Scripts read this name, so it cannot change. */
const publicMember = /\bmend(?=\??:)|(?<=\.)mend\b/gu

/** In a comment, backticks mark code. Elsewhere in a source file they begin and end a text. */
const proseOfSource = (text: string): string =>
  text.replaceAll(/^\s*(?:\/?\*|\/\/|#).*$/gmu, proseOf).replaceAll(publicMember, blank)

const foundIn = (prose: string): ReadonlyArray<NotPlain> =>
  patterns
    .flatMap(({ form, plain, pattern }) =>
      [...prose.matchAll(pattern)].map(({ index }) => ({
        line: prose.slice(0, index).split("\n").length,
        found: form,
        plain,
      })),
    )
    .toSorted((one, other) => one.line - other.line)

/** All forbidden words in a page, from its first line on. */
export const notPlain = (page: string): ReadonlyArray<NotPlain> => foundIn(proseOf(page))

/** All forbidden words in the comments, texts and names of a source file. */
export const notPlainSource = (source: string): ReadonlyArray<NotPlain> => foundIn(proseOfSource(source))
