{{ conformed('payment_rejections') }}
