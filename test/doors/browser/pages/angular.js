import "@angular/compiler"
import { Component, DestroyRef, inject, provideZonelessChangeDetection, signal } from "@angular/core"
import { bootstrapApplication } from "@angular/platform-browser"
import { textOf, watch } from "./watched.ts"
class Loan {
  textOf = textOf
  snapshot = signal(watch.getSnapshot())
  constructor() {
    inject(DestroyRef).onDestroy(watch.subscribe(() => this.snapshot.set(watch.getSnapshot())))
  }
}
const root =
  Component({ selector: "#root", template: `<p id="loan">{{ textOf(snapshot()) }}</p>` })(Loan) ?? Loan
void bootstrapApplication(root, { providers: [provideZonelessChangeDetection()] })
