import { createApp, h, onScopeDispose, shallowRef } from "vue"
import { textOf, watch } from "./watched.ts"

const app = createApp({
  setup() {
    const snapshot = shallowRef(watch.getSnapshot())
    onScopeDispose(
      watch.subscribe(() => {
        snapshot.value = watch.getSnapshot()
      }),
    )
    return () => h("p", { id: "loan" }, textOf(snapshot.value))
  },
})
app.mount("#root")
