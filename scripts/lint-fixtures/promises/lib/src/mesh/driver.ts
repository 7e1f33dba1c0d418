const work = async (): Promise<void> => {}

export function drive(input: any): void {
  work()
  void input
}
