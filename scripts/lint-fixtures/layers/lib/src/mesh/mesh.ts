export interface Mesh {
  readonly id: string
}
