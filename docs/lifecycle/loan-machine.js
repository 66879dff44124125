import { createMachine } from "xstate"

export const loanMachine = createMachine({
  "id": "loan",
  "initial": "submitted",
  "on": {
    "observed": {
      "actions": "join"
    }
  },
  "states": {
    "submitted": {
      "always": [
        {
          "guard": "isContradicted",
          "target": "disputed"
        },
        {
          "guard": "isRejected",
          "target": "rejected"
        },
        {
          "guard": "isApproved",
          "target": "approved"
        },
        {
          "guard": "isPending",
          "target": "manualInspection"
        }
      ]
    },
    "manualInspection": {
      "always": [
        {
          "guard": "isContradicted",
          "target": "disputed"
        },
        {
          "guard": "isRejected",
          "target": "rejected"
        },
        {
          "guard": "isApproved",
          "target": "approved"
        }
      ]
    },
    "approved": {
      "always": [
        {
          "guard": "isNoLongerApproved",
          "target": "disputed"
        },
        {
          "guard": "isSigned",
          "target": "signed"
        },
        {
          "guard": "isAdditionOutstanding",
          "target": "waitingForAddition"
        }
      ]
    },
    "waitingForAddition": {
      "always": [
        {
          "guard": "isNoLongerApproved",
          "target": "disputed"
        },
        {
          "guard": "isSigned",
          "target": "signed"
        },
        {
          "guard": "isAdditionSettled",
          "target": "approved"
        }
      ]
    },
    "signed": {
      "always": [
        {
          "guard": "isNoLongerApproved",
          "target": "disputed"
        },
        {
          "guard": "isPaidOut",
          "target": "paidOut"
        }
      ]
    },
    "paidOut": {
      "always": [
        {
          "guard": "isNoLongerApproved",
          "target": "disputed"
        }
      ]
    },
    "rejected": {
      "always": [
        {
          "guard": "isNoLongerRejected",
          "target": "disputed"
        }
      ]
    },
    "disputed": {
      "always": [
        {
          "guard": "isApproved",
          "target": "approved"
        },
        {
          "guard": "isRejected",
          "target": "rejected"
        },
        {
          "guard": "isPending",
          "target": "manualInspection"
        }
      ]
    }
  }
})
