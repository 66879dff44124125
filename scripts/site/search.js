// Runs in a page of the site, after minisearch.js and parts.js. It also runs from a file, where a page cannot fetch
// anything.
/* global MiniSearch, parts */
const search = new MiniSearch({
  fields: ["title", "page", "text"],
  storeFields: ["title", "page", "text"],
  searchOptions: { boost: { title: 3, page: 2 }, prefix: true, fuzzy: 0.15, combineWith: "AND" },
})
search.addAll(parts)
const foundMax = 12
const excerptMax = 160
/** The parts that contain every word. If no part does, the parts that contain any of the words. */
const partsWith = (words) => {
  const all = search.search(words)
  return all.length > 0 ? all : search.search(words, { combineWith: "OR" })
}
const input = document.getElementById("search")
const found = document.getElementById("found")
input.form.addEventListener("submit", (event) => event.preventDefault())
input.addEventListener("input", () => {
  found.replaceChildren(
    ...partsWith(input.value)
      .slice(0, foundMax)
      .map(({ id, title, page, text, terms }) => {
        const link = document.createElement("a")
        link.href = `${found.dataset.up}/${id}`
        link.textContent = page === title ? page : `${page}: ${title}`
        const item = document.createElement("li")
        const at = Math.max(0, text.toLowerCase().indexOf(terms[0] ?? "") - 40)
        item.append(link, ` ${text.slice(at, at + excerptMax)} …`)
        return item
      }),
  )
})
