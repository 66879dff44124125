/**
 * Words and turns that make a sentence hard to read for somebody who reads English as a second language, with the plain word
 * for each. Several forms of one word share a row. `test/docs/words.test.ts` refuses them in every page and source file.
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

/** One word that a page should not use: where it is, and the plain word. */
export interface NotPlain {
  readonly line: number
  readonly found: string
  readonly plain: string
}

/** Between two words there may be a line break, and a comment's star or slashes after it. */
const patternOf = (form: string): RegExp =>
  new RegExp(String.raw`(?<![\w-])${form.split(" ").join(String.raw`[\s*/#]+`)}(?![\w-])`, "giu")

const patterns = plainWords.flatMap(([forms, plain]) =>
  forms.map((form) => ({ form, plain, pattern: patternOf(form) })),
)

const blank = (text: string): string => text.replaceAll(/[^\n]/gu, " ")

/** Code between backticks is not prose, and neither is the title of a test that a page names behind its file. */
const proseOf = (text: string): string => text.replaceAll(/`[^`\n]*`(?:: "[^"\n]*")?/gu, blank)

/** The member of `doctor --json` that scripts read. */
const publicMember = /\bmend(?=\??:)|(?<=\.)mend\b/gu

/** In a source file, backticks mean code only in comments. In code they begin and end a text. */
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

/** Every word of a page that has a plainer one, from the first line on. */
export const notPlain = (page: string): ReadonlyArray<NotPlain> => foundIn(proseOf(page))

/** The same for a source file: its comments, its texts, and names that are such a word. */
export const notPlainSource = (source: string): ReadonlyArray<NotPlain> => foundIn(proseOfSource(source))
