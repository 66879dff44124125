import { Component } from "react"
import type { ReactNode } from "react"

interface GuardProps {
  /** What is said instead, and what the way out is called. */
  readonly message: string
  readonly reload: string
  readonly children: ReactNode
}

/** Where a defect of the console ends: it is told, and written to the browser's log by React, instead of an empty page. */
export class DefectGuard extends Component<GuardProps, { readonly isBroken: boolean }> {
  override state = { isBroken: false }

  static getDerivedStateFromError(): { readonly isBroken: boolean } {
    return { isBroken: true }
  }

  override render(): ReactNode {
    if (!this.state.isBroken) return this.props.children
    return (
      <div className="notice danger" role="alert">
        <p>{this.props.message}</p>
        <button type="button" onClick={() => window.location.reload()}>
          {this.props.reload}
        </button>
      </div>
    )
  }
}
