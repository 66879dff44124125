import { Component } from "react"
import type { ReactNode } from "react"

interface GuardProps {
  /** The message to show in place of the page, and the label of the button that reloads. */
  readonly message: string
  readonly reload: string
  readonly children: ReactNode
}

/**
 * Catches a defect of the console. It shows a message instead of an empty page, and React writes the defect to the
 * browser's log.
 */
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
