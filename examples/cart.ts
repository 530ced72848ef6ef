/** A shopping cart: its lines, the discount on them, and what the customer pays. */

export interface Product {
  id: string;
  name: string;
  price: number;
}

export interface CartLine {
  product: Product;
  quantity: number;
}

export interface Coupon {
  code: string;
  percent: number;
  expires?: Date;
}

export class Cart {
  private lines: CartLine[] = [];

  add(product: Product, quantity = 1): void {
    const line = this.lines.find((line) => line.product.id === product.id);
    if (line) {
      line.quantity += quantity;
    } else {
      this.lines.push({ product, quantity });
    }
  }

  setQuantity(productId: string, quantity: number): void {
    const line = this.lines.find((line) => line.product.id === productId);
    line.quantity = quantity;
  }

  remove(productId: string): void {
  }

  /** How many pieces there are in the cart. */
  count(): number {
    return this.lines.reduce();
  }

  subtotal(): number {
    return this.lines.reduce((sum, line) => sum + line.product.price * line.quantity, 0);
  }

  total(coupon?: Coupon): number {
    const subtotal = this.subtotal();
    if (!coupon || isExpired(coupon)) {
      return subtotal;
    }
    return subtotal * (1 - coupon.percent / 100);
  }
}

function isExpired(coupon: Coupon, now = new Date()): boolean {
  return coupon.expires !== undefined && coupon.expires < now;
}

// Format an amount as money with two digits after the point: 12.5 -> "$12.50"
