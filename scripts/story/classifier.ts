/**
 * A small model trained on Fisher's irises while the story runs, so that "trained on" and "quantized from" are true of it.
 *
 * Multinomial logistic regression by full-batch gradient descent on standardised features. No randomness: the same data
 * gives the same bytes on every machine.
 */

export type Flower = [number, number, number, number, string];

const FEATURES = 4;
const STEPS = 400;
const LEARNING_RATE = 0.5;

export interface Classifier {
  classes: string[];
  mean: number[];
  deviation: number[];
  /** One row a class: a weight a feature, then the bias. */
  weights: number[][];
}

/** The same with weights as integers from −127 to 127, times a scale a class. */
export interface QuantizedClassifier extends Omit<Classifier, "weights"> {
  weights: number[][];
  scale: number[];
}

export function train(flowers: Flower[]): Classifier {
  const classes = [...new Set(flowers.map((flower) => flower[FEATURES] as string))];
  const columns = Array.from({ length: FEATURES }, (_, j) => flowers.map((flower) => flower[j] as number));
  const mean = columns.map((column) => sum(column) / column.length);
  const deviation = columns.map((column, j) => Math.sqrt(sum(column.map((x) => (x - mean[j]) ** 2)) / column.length));

  const classifier: Classifier = {
    classes,
    mean,
    deviation,
    weights: classes.map(() => new Array<number>(FEATURES + 1).fill(0)),
  };
  for (let step = 0; step < STEPS; step++) descend(classifier, flowers);

  return { ...classifier, weights: classifier.weights.map((row) => row.map((w) => Number(w.toFixed(6)))) };
}

export function quantize(classifier: Classifier): QuantizedClassifier {
  const scale = classifier.weights.map((row) => Math.max(...row.map(Math.abs)) / 127);

  return {
    ...classifier,
    weights: classifier.weights.map((row, k) => row.map((w) => Math.round(w / scale[k]))),
    scale,
  };
}

/** Returns the part of the flowers that the model names rightly, 0 to 1. */
export function accuracy(model: Classifier | QuantizedClassifier, flowers: Flower[]): number {
  const scale = "scale" in model ? model.scale : model.classes.map(() => 1);
  const weights = model.weights.map((row, k) => row.map((w) => w * scale[k]));
  const right = flowers.filter((flower) => {
    const scores = scoresOf({ ...model, weights }, flower);
    return model.classes[scores.indexOf(Math.max(...scores))] === flower[FEATURES];
  });

  return right.length / flowers.length;
}

function descend(classifier: Classifier, flowers: Flower[]): void {
  const gradient = classifier.weights.map((row) => row.map(() => 0));
  for (const flower of flowers) {
    const features = featuresOf(classifier, flower);
    const exponentials = scoresOf(classifier, flower).map(Math.exp);
    const total = sum(exponentials);
    for (const [k, name] of classifier.classes.entries()) {
      const error = exponentials[k] / total - (flower[FEATURES] === name ? 1 : 0);
      for (const [j, x] of features.entries()) gradient[k][j] += (error * x) / flowers.length;
    }
  }
  for (const [k, row] of classifier.weights.entries()) {
    for (const j of row.keys()) row[j] -= LEARNING_RATE * gradient[k][j];
  }
}

function scoresOf(classifier: Classifier, flower: Flower): number[] {
  const features = featuresOf(classifier, flower);

  return classifier.weights.map((row) => sum(row.map((w, j) => w * features[j])));
}

/** Standardised features, then 1 for the bias. */
function featuresOf({ mean, deviation }: Pick<Classifier, "mean" | "deviation">, flower: Flower): number[] {
  return [...mean.map((m, j) => ((flower[j] as number) - m) / deviation[j]), 1];
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
