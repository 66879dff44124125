/**
 * Builds the documentation's pages into `site/`. A browser can read the HTML from a server or from files, and can
 * search it.
 */
import { copyFileSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join, posix, relative } from "node:path"
import { fileURLToPath } from "node:url"
import MarkdownIt from "markdown-it"

const root = fileURLToPath(new URL("..", import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), "utf8")

/** A page of the documentation: its source in the repository, and its address on the site. */
interface Page {
  readonly source: string
  readonly address: string
  readonly kind: string
}

/** The part of a page below one heading. The search finds such parts. */
interface Part {
  readonly id: string
  readonly page: string
  readonly title: string
  /** Its heading: `h1`, `h2`, … */
  readonly level: string
  text: string
}

const home: Page = { source: "README.md", address: "index.html", kind: "" }

/** The README's last section lists the pages by kind. Only these pages are on the site. */
function pagesOf(readme: string): ReadonlyArray<Page> {
  const list = readme.slice(readme.indexOf("## What next"))
  const kinds = [...list.matchAll(/^- \*\*(?<kind>[^*]+):\*\*(?<links>(?:.+\n?)(?: {2}.+\n?)*)/gmu)]
  const listed = kinds.flatMap(({ groups }) =>
    [...(groups?.["links"] ?? "").matchAll(/\]\((?<source>[^)#]+)/gu)].flatMap((link) =>
      sourcesOf(link.groups?.["source"] ?? "").map((source) => ({
        source,
        address: source.replace(/\.md$/u, ".html"),
        kind: groups?.["kind"] ?? "",
      })),
    ),
  )
  return [home, ...listed]
}

/** The pages of a link. A link to a folder means every page in the folder. */
const sourcesOf = (link: string): ReadonlyArray<string> =>
  link.endsWith(".md") ? [link] : globSync(`${posix.normalize(`${link}/`)}*.md`, { cwd: root }).toSorted()

/** The anchor of a heading, in the form of the repository's links. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-")

/** One page as HTML, its parts for the search, and the files that it links to. */
function rendered(page: Page, pages: ReadonlyArray<Page>) {
  const markdown = new MarkdownIt({ html: true })
  // A table that is wider than the screen can be scrolled, also with the keyboard.
  markdown.renderer.rules["table_open"] = () =>
    '<div class="wide" tabindex="0" role="group" aria-label="Table"><table>'
  markdown.renderer.rules["table_close"] = () => "</table></div>"
  const tokens = markdown.parse(read(page.source), {})
  const parts: Array<Part> = []
  const files = new Set<string>()
  const title = textOf(tokens[tokens.findIndex(({ type }) => type === "heading_open") + 1])
  tokens.forEach((token, index) => {
    if (token.type === "heading_open") {
      const heading = textOf(tokens[index + 1])
      token.attrSet("id", anchorOf(heading))
      parts.push({
        id: `${page.address}#${anchorOf(heading)}`,
        page: title,
        title: heading,
        level: token.tag,
        text: "",
      })
      return
    }
    if (token.type === "inline" || token.type === "fence") {
      const part = parts.at(-1)
      if (part !== undefined) part.text += ` ${token.type === "fence" ? token.content : textOf(token)}`
    }
    let isLink = true
    for (const child of token.children ?? []) {
      if (child.type === "link_close" && !isLink) child.tag = "span"
      if (child.type !== "link_open") continue
      const { href, file } = targetOf(page, String(child.attrGet("href")), pages)
      if (file !== undefined) files.add(file)
      isLink = href !== undefined
      if (href !== undefined) child.attrSet("href", href)
      // A file of the repository that is not in the site is named, and leads nowhere.
      else Object.assign(child, { tag: "span", attrs: null })
    }
  })
  return { page, title, parts, files, body: markdown.renderer.render(tokens, markdown.options, {}) }
}

type Token = ReturnType<ReturnType<typeof MarkdownIt>["parse"]>[number]

const textOf = (token: Token | undefined): string =>
  (token?.children ?? []).map((child) => (child.type === "softbreak" ? " " : child.content)).join("")

interface Target {
  readonly href?: string
  /** A file of the documentation that is copied to the site. */
  readonly file?: string
}

function targetOf(page: Page, href: string, pages: ReadonlyArray<Page>): Target {
  const [path = "", anchor] = href.split("#")
  if (/^[a-z]+:/u.test(href) || path === "") return { href }
  const source = posix.normalize(posix.join(posix.dirname(page.source), path))
  const other = pages.find((each) => each.source === source) ?? firstIn(source, pages)
  const from = posix.dirname(page.address)
  if (other !== undefined)
    return { href: `${posix.relative(from, other.address)}${anchor === undefined ? "" : `#${anchor}`}` }
  const isFile = /^docs\/.*\.\w+$/u.test(source) && !source.endsWith(".md") && existsSync(join(root, source))
  return isFile ? { href: posix.relative(from, source), file: source } : {}
}

/** A link to a folder leads to its first page. */
const firstIn = (folder: string, pages: ReadonlyArray<Page>): Page | undefined =>
  pages.find(({ source }) => source.startsWith(`${folder}/`))

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")

type Rendered = ReturnType<typeof rendered>

const decisions = "docs/decisions/"

function html({ page, title, body, parts }: Rendered, all: ReadonlyArray<Rendered>): string {
  const up = relative(dirname(page.address), ".") || "."
  /** A page in the list. Below the page that is shown, its parts. */
  const item = (each: Rendered): string => {
    const link = `${up}/${each.page.address}`
    if (each.page !== page) return `<li><a href="${link}">${escaped(each.title)}</a></li>`
    const own = parts
      .filter(({ level }) => level === "h2")
      .map(({ id, title: part }) => `<li><a href="${up}/${id}">${escaped(part)}</a></li>`)
    return `<li><a href="${link}" aria-current="page">${escaped(title)}</a><ul>${own.join("")}</ul></li>`
  }
  const links = [...new Set(all.map((each) => each.page.kind))].map((kind) => {
    const ofKind = all.filter((each) => each.page.kind === kind)
    const [folded, plain] = [true, false].map((isFolded) =>
      ofKind.filter((each) => each.page.address.startsWith(decisions) === isFolded).map(item),
    )
    const open = page.address.startsWith(decisions) ? " open" : ""
    const details = `<li><details${open}><summary>Decisions</summary><ul>${folded?.join("")}</ul></details></li>`
    return `${kind === "" ? "" : `<h2>${kind}</h2>`}<ul>${plain?.join("")}${folded?.length === 0 ? "" : details}</ul>`
  })
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${page === home ? "loan engine" : `${escaped(title)} · loan engine`}</title>
<link rel="stylesheet" href="${up}/site.css">
<header><form role="search"><input type="search" id="search" placeholder="Search" aria-label="Search the documentation" autocomplete="off"></form>
<ol id="found" aria-live="polite" data-up="${up}"></ol></header>
<nav aria-label="Pages">${links.join("")}</nav>
<main>${body}</main>
<script src="${up}/minisearch.js"></script>
<script src="${up}/parts.js"></script>
<script src="${up}/search.js"></script>
</html>
`
}

export function buildSite(directory: string): void {
  rmSync(directory, { recursive: true, force: true })
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
  const pages = pagesOf(read(home.source))
  const all = pages.map((page) => rendered(page, pages))
  for (const each of all) write(each.page.address, html(each, all))
  for (const file of new Set(all.flatMap(({ files }) => [...files]))) {
    mkdirSync(dirname(join(directory, file)), { recursive: true })
    copyFileSync(join(root, file), join(directory, file))
  }
  const parts: ReadonlyArray<Part> = all.flatMap((each) => each.parts)
  write("parts.js", `const parts = ${JSON.stringify(parts)}\n`)
  for (const file of ["site.css", "search.js"])
    copyFileSync(join(root, "scripts/site", file), join(directory, file))
  const umd = join(dirname(createRequire(import.meta.url).resolve("minisearch")), "../umd/index.js")
  copyFileSync(umd, join(directory, "minisearch.js"))
}

if (import.meta.main) {
  const directory = join(root, "site")
  buildSite(directory)
  process.stdout.write(`${join(directory, home.address)}\n`)
}
