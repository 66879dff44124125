import { Metric } from "effect"

/** The description of a metric. `docs/metrics.md` is generated from it. */
export interface MetricDeclaration<Attribute extends string> {
  readonly name: string
  /** The unit: `callbacks`, `seconds`, `loans`. */
  readonly unit: string
  readonly description: string
  /**
   * Each attribute, with its possible values. There must be a limited number of values, so loans and texts of
   * strangers cannot be values.
   */
  readonly attributes: { readonly [Name in Attribute]: string }
}

/** A declared metric. It has one series for each combination of its attributes' values. */
export interface MetricFamily<
  Attribute extends string = string,
  Series = unknown,
> extends MetricDeclaration<Attribute> {
  readonly kind: "counter" | "gauge" | "histogram"
  /** The upper bounds of a histogram's buckets. */
  readonly boundaries?: ReadonlyArray<number>
  /** The series for these values. It is the same object each time, so that frequent calls allocate nothing. */
  readonly of: (values: { readonly [Name in Attribute]: string }) => Series
}

export const counterFamily = <Attribute extends string>(declaration: MetricDeclaration<Attribute>) =>
  family("counter", declaration, (attributes) =>
    Metric.counter(declaration.name, { ...described(declaration), attributes, incremental: true }),
  )

export const gaugeFamily = <Attribute extends string>(declaration: MetricDeclaration<Attribute>) =>
  family("gauge", declaration, (attributes) =>
    Metric.gauge(declaration.name, { ...described(declaration), attributes }),
  )

export const histogramFamily = <Attribute extends string>(
  declaration: MetricDeclaration<Attribute> & { readonly boundaries: ReadonlyArray<number> },
) => {
  const { boundaries } = declaration
  return family("histogram", declaration, (attributes) =>
    Metric.histogram(declaration.name, { ...described(declaration), attributes, boundaries }),
  )
}

const described = ({ description }: MetricDeclaration<never>) => ({ description })

function family<Attribute extends string, Series>(
  kind: MetricFamily["kind"],
  declaration: MetricDeclaration<Attribute>,
  make: (values: { readonly [Name in Attribute]: string }) => Series,
): MetricFamily<Attribute, Series> {
  const names = Object.keys(declaration.attributes).filter((name): name is Attribute =>
    Object.hasOwn(declaration.attributes, name),
  )
  const made = new Map<string, Series>()
  return {
    ...declaration,
    kind,
    of: (values) => {
      let key = ""
      for (const name of names) key += `${values[name]}\u0000`
      const series = made.get(key) ?? make(values)
      made.set(key, series)
      return series
    },
  }
}
